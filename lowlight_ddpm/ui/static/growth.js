const section = element.querySelector(".grown");
const range = element.querySelector("input");
const caption = element.querySelector(".caption");
const sheets = element.querySelector(".sheets");

function show(place) {
  const { epochs, networks } = props.value;
  const told = epochs[place] === 1 ? "After 1 epoch" : `After ${epochs[place]} epochs`;
  caption.textContent = told;
  range.setAttribute("aria-valuetext", told);
  networks.forEach(({ kept }, i) => {
    const milestone = kept[epochs[place]];
    const figure = sheets.children[i];
    figure.classList.toggle("absent", !milestone);
    if (!milestone) return;
    figure.querySelector("img").src = milestone.sheet;
    figure.querySelector("span").textContent = milestone.measured;
  });
}

// The curve by which images are shown where they are compared, as an SVG filter.
function transfer(levels, i) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "transfer");
  svg.setAttribute("aria-hidden", "true");
  const channel = (name) => `<feFunc${name} type="table" tableValues="${levels.join(" ")}"/>`;
  svg.innerHTML = `<filter id="growth-levels-${i}" color-interpolation-filters="sRGB"><feComponentTransfer>${["R", "G", "B"].map(channel).join("")}</feComponentTransfer></filter>`;
  return svg;
}

function load() {
  const { epochs = [], networks = [] } = props.value ?? {};
  section.dataset.empty = String(networks.length === 0);
  if (networks.length === 0) return;
  sheets.replaceChildren(
    ...networks.map(({ title, levels }, i) => {
      const figure = document.createElement("figure");
      const image = Object.assign(new Image(), { alt: `Sixteen images that “${title}” generates`, width: 266, height: 266 });
      image.style.filter = `url(#growth-levels-${i})`;
      const words = document.createElement("figcaption");
      words.append(Object.assign(document.createElement("b"), { textContent: title }), document.createElement("span"));
      figure.append(image, words, transfer(levels, i));
      return figure;
    }),
  );
  range.max = epochs.length - 1;
  range.value = range.max;
  show(epochs.length - 1);
}

range.addEventListener("input", () => show(Number(range.value)));
watch("value", load);
load();
