element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-value]");
  if (button) trigger("click", { value: button.dataset.value });
});
