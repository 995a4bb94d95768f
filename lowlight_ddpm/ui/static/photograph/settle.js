(level, balance, denoise, strength, left) => {
  window.photographSettings = { level, balance, denoise, strength, left };
  window.dispatchEvent(new Event("photograph"));
}
