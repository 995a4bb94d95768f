const drop = element.querySelector(".drop");
const input = element.querySelector("input");
const said = element.querySelector(".said");

async function bring(file) {
  if (!file) return;
  said.textContent = `${file.name} is being read…`;
  try {
    const { path, url } = await upload(file);
    props.value = { path, url, orig_name: file.name, meta: { _type: "gradio.FileData" } };
    trigger("upload");
  } catch (error) {
    said.textContent = `${file.name} was not taken: it may be too large.`;
  }
}

input.addEventListener("change", () => {
  bring(input.files[0]);
  input.value = ""; // so that the same file can be chosen again
});
for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
    if (name === "drop") bring(event.dataTransfer.files[0]);
  });
}
document.addEventListener("paste", (event) => {
  if (element.isConnected && element.offsetParent) bring(event.clipboardData.files[0]);
});
watch("value", () => { if (!props.value) said.textContent = ""; }); // it was refused
window.addEventListener("photograph-read", () => {
  said.textContent = "";
  drop.dataset.filled = "true";
});
