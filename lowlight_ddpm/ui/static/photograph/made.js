watch("value", () => window.dispatchEvent(new CustomEvent("photograph-made", { detail: props.value })));
