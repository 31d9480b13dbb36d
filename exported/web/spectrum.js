// The short-time spectrum of a recording, for looking at.

const SIZE = 512;
const HANN = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));

// Samples -> decibels below the loudest bin, [columns][SIZE / 2], the columns spread evenly.
export function spectrogram(samples, columns) {
  const found = Array.from({ length: columns }, (_, column) => {
    const centre = Math.round(((column + 0.5) * samples.length) / columns);
    return powers(HANN.map((weight, i) => weight * (samples[centre - SIZE / 2 + i] ?? 0)));
  });
  const top = found.reduce((best, row) => row.reduce((a, b) => Math.max(a, b), best), 1e-9);
  return found.map((row) => row.map((power) => 10 * Math.log10(power / top + 1e-12)));
}

function powers(frame) {
  const real = frame, imaginary = new Float32Array(SIZE);
  transform(real, imaginary);
  return real.slice(0, SIZE / 2).map((value, i) => value * value + imaginary[i] * imaginary[i]);
}

// The discrete Fourier transform in place (Cooley and Tukey 1965, radix 2).
function transform(real, imaginary) {
  for (let i = 1, j = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j], real[i]];
  }
  for (let span = 2; span <= SIZE; span *= 2) {
    for (let k = 0; k < span / 2; k++) {
      const cos = Math.cos((2 * Math.PI * k) / span), sin = -Math.sin((2 * Math.PI * k) / span);
      for (let even = k; even < SIZE; even += span) {
        const odd = even + span / 2;
        const re = real[odd] * cos - imaginary[odd] * sin, im = real[odd] * sin + imaginary[odd] * cos;
        [real[odd], imaginary[odd]] = [real[even] - re, imaginary[even] - im];
        [real[even], imaginary[even]] = [real[even] + re, imaginary[even] + im];
      }
    }
  }
}
