/* Print what is said in WAV files, with sherpa-onnx's C library:
 *
 *   asr export --target sherpa --out model
 *   cc transcribe.c -I$PREFIX/include -L$PREFIX/lib -lsherpa-onnx-c-api -Wl,-rpath,$PREFIX/lib -o transcribe
 *   ./transcribe model FILE.wav...
 */
#include <stdio.h>
#include <string.h>

#include "sherpa-onnx/c-api/c-api.h"

static const SherpaOnnxOfflineRecognizer *load(const char *folder) {
  char model[4096], tokens[4096];
  snprintf(model, sizeof model, "%s/model.onnx", folder);
  snprintf(tokens, sizeof tokens, "%s/tokens.txt", folder);
  SherpaOnnxOfflineRecognizerConfig config;
  memset(&config, 0, sizeof config);
  config.feat_config.sample_rate = 16000; /* both as 'asr export' prints them */
  config.feat_config.feature_dim = 80;
  config.model_config.zipformer_ctc.model = model;
  config.model_config.tokens = tokens;
  config.model_config.num_threads = 1;
  config.model_config.provider = "cpu";
  config.decoding_method = "greedy_search";
  return SherpaOnnxCreateOfflineRecognizer(&config);
}

static int transcribe(const SherpaOnnxOfflineRecognizer *recognizer, const char *path) {
  const SherpaOnnxWave *wave = SherpaOnnxReadWave(path);
  if (wave == NULL) {
    fprintf(stderr, "%s: cannot be read; give a WAV file of 16 bits\n", path);
    return 1;
  }
  const SherpaOnnxOfflineStream *stream = SherpaOnnxCreateOfflineStream(recognizer);
  SherpaOnnxAcceptWaveformOffline(stream, wave->sample_rate, wave->samples, wave->num_samples);
  SherpaOnnxDecodeOfflineStream(recognizer, stream);
  const SherpaOnnxOfflineRecognizerResult *result = SherpaOnnxGetOfflineStreamResult(stream);
  printf("%s\n", result->text);
  SherpaOnnxDestroyOfflineRecognizerResult(result);
  SherpaOnnxDestroyOfflineStream(stream);
  SherpaOnnxFreeWave(wave);
  return 0;
}

int main(int count, char **arguments) {
  const SherpaOnnxOfflineRecognizer *recognizer = count > 2 ? load(arguments[1]) : NULL;
  if (recognizer == NULL) {
    fprintf(stderr, "usage: transcribe FOLDER FILE.wav... (FOLDER of 'asr export --target sherpa')\n");
    return 2;
  }
  int failed = 0;
  for (int i = 2; i < count; ++i) failed |= transcribe(recognizer, arguments[i]);
  SherpaOnnxDestroyOfflineRecognizer(recognizer);
  return failed;
}
