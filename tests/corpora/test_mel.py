import librosa
import numpy as np
import pytest

from dalbook.corpora.mel import mel_filters


@pytest.mark.parametrize(("rate", "size", "low"), [(8000, 512, 40.0), (44100, 2048, 40.0), (250000, 8192, 40.0)])
def test_the_filters_are_librosas(rate, size, low):
    filters, centers = mel_filters(rate, size, 64, low, rate / 2)
    theirs = librosa.filters.mel(sr=rate, n_fft=size, n_mels=64, fmin=low, fmax=rate / 2)
    np.testing.assert_allclose(filters, theirs, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(centers, librosa.mel_frequencies(66, fmin=low, fmax=rate / 2)[1:-1])
