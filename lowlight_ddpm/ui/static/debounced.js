const wait = Number(element.querySelector("i").dataset.wait);
let timer;

// Only the newest of several changes starts anything.
watch("value", () => {
  clearTimeout(timer);
  if (props.value) timer = setTimeout(() => trigger("click", {}), wait);
});
