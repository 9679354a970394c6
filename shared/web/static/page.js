// What every page does: counts and sends what is not sent, moves the parts of a first page together,
// keeps double clicks harmless, wipes drafts at sign-out.
import { watchUnsent } from "./unsent.js";
import { watchFragments } from "./fragments.js";
import { watchForms } from "./forms.js";
import { watchMasks } from "./mask.js";
import { watchEditor } from "./editor.js";

watchForms();
watchMasks();
watchEditor();
watchFragments();
watchUnsent();
// Only where a browser allows it (a secure address, or this machine itself); without it the pages
// work as before.
navigator.serviceWorker?.register("/worker.js").catch(() => {});
