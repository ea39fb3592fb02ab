// The sounds of a page: each lies in the page itself or in a script beside it, which loads when its clip comes near.
// A script also loads where the page is read from a folder.

const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export class Sounds {
  /**
   * @param {object} sounds clip -> its sound, or {src: the script's name}
   * @param {string} base the address that scripts lie beside
   */
  constructor(sounds, base) {
    Object.assign(this, { sounds, base });
  }

  has(clip) {
    return Boolean(this.sounds[clip]);
  }

  /** A clip's sound as the labeler wants it: [what it is, [file, envelope, spectrogram]]. */
  async message(clip) {
    const found = await this.#load(clip);
    if (found.error) return [{ sound: clip, error: found.error }, []];
    return [{ ...found, sound: clip }, [found.data, found.envelope, found.mel_data].map(decoded)];
  }

  #load(clip) {
    const sound = this.sounds[clip] ?? { error: "it is not part of this page" };
    if (!sound.src) return sound;
    return new Promise((done) => {
      const script = document.createElement("script");
      script.src = new URL(sound.src, this.base);
      script.onload = () => done((this.sounds[clip] = window.dalbookSounds[sound.src]));
      script.onerror = () => done({ error: "it did not load" });
      document.head.append(script);
    });
  }
}
