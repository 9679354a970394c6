// On a narrow screen the strip begins where today is.
const today = document.querySelector(".today-text");
const frame = today?.closest(".scroll");
if (frame) frame.scrollLeft = today.getBBox().x * (frame.scrollWidth / today.ownerSVGElement.viewBox.baseVal.width) - frame.clientWidth * 0.6;
