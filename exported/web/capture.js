// Hands the microphone's samples to the page as they come.
class Capture extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage(samples.slice());
    return true;
  }
}
registerProcessor("capture", Capture);
