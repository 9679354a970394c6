// What every page does: counts and sends what is not sent, moves the parts of a first page together,
// keeps double clicks harmless, wipes drafts at sign-out.
import { watchUnsent } from "./unsent.js";
import { watchFragments } from "./fragments.js";
import { watchForms } from "./forms.js";
import { watchMasks } from "./mask.js";

watchForms();
watchMasks();
watchFragments();
watchUnsent();
// Only where a browser allows it: on a secure address, or on this machine itself.
navigator.serviceWorker?.register("/worker.js");
