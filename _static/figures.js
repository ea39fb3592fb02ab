// Everything that a figure of a built page does besides Plotly's own: the colors of the page's theme, sounds, sliders.
(() => {
  const color = (name, fallback) => getComputedStyle(document.documentElement).getPropertyValue(name).trim() || fallback;
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // ---- The colors of the page's theme, at the start and whenever the reader switches it.

  const paint = (plot) => {
    const text = color("--pst-color-text-base", "#323232");
    const line = color("--pst-color-border", "#c9c9c9");
    const changes = {
      "font.color": text,
      "hoverlabel.bgcolor": color("--pst-color-surface", "#f5f5f5"),
      "hoverlabel.font.color": text,
    };
    for (const axis of Object.keys(plot._fullLayout).filter((key) => /^[xy]axis\d*$/.test(key))) {
      changes[`${axis}.gridcolor`] = changes[`${axis}.linecolor`] = changes[`${axis}.zerolinecolor`] = line;
    }
    return Plotly.relayout(plot, changes);
  };

  // ---- The picture is the drawing alone: Plotly's buttons lie in the same element, and a picture has no buttons in it.

  const describe = (plot) => {
    const picture = plot.closest(".dalbook-plot");
    const words = picture.getAttribute("aria-label");
    picture.removeAttribute("role");
    picture.removeAttribute("aria-label");
    plot.querySelectorAll(".main-svg").forEach((drawing, i) => {
      drawing.setAttribute(...(i ? ["aria-hidden", "true"] : ["role", "img"]));
      if (!i) drawing.setAttribute("aria-label", words);
    });
  };

  // ---- A slider over figures that were drawn beforehand.

  const slide = (figure, plot) => {
    const all = figure.querySelector(".dalbook-frames");
    if (!all) return;
    const { values, parts, frames } = JSON.parse(all.textContent);
    const slider = figure.querySelector(".dalbook-slider input");
    const shown = figure.querySelector(".dalbook-slider output");
    const move = () => {
      const { data, layout } = frames[slider.value];
      const copy = structuredClone([data.map((part) => parts[part]), parts[layout]]); // Plotly writes into what it gets
      Plotly.react(plot, ...copy).then(() => paint(plot));
      shown.textContent = values[slider.value];
      slider.setAttribute("aria-valuetext", values[slider.value]);
    };
    slider.addEventListener("input", move);
  };

  // ---- Plotly's buttons cannot be reached with the keyboard: real ones take their place.

  const buttons = (figure, plot) => {
    const menus = plot.layout.updatemenus ?? [];
    if (!menus.length || menus.some((menu) => menu.type !== "buttons")) return;
    const row = element("div", { className: "dalbook-buttons" });
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "What the figure shows");
    for (const menu of menus) {
      const made = menu.buttons.map(({ label, method, args }, i) => {
        const button = element("button", { type: "button", textContent: label });
        button.setAttribute("aria-pressed", String(i === (menu.active ?? 0)));
        button.addEventListener("click", () => {
          Plotly[method](plot, ...structuredClone(args)).then(() => paint(plot));
          for (const other of made) other.setAttribute("aria-pressed", String(other === button));
        });
        return button;
      });
      row.append(...made);
    }
    plot.closest(".dalbook-plot").before(row);
    Plotly.relayout(plot, { updatemenus: [], "margin.b": 55 });
  };

  // ---- Click to listen: one audio element for the page, and a select box for those who cannot click a point.

  let audio;
  const play = (place, address, name) => {
    audio ??= document.body.appendChild(element("audio", { hidden: true, id: "dalbook-audio" }));
    const status = place.querySelector("[role=status]");
    for (const other of document.querySelectorAll(".dalbook-listen [role=status]")) other.textContent = "";
    audio.onended = () => (status.textContent = `Played: ${name}`);
    audio.src = address;
    status.textContent = `Playing: ${name}`;
    audio.play().catch((error) => {
      if (error.name !== "AbortError") status.textContent = `${name} cannot be played: ${error.message}`;
    });
  };

  // Plotly keeps typed arrays under another name; text may be one word for all points.
  const list = (values) => (values && typeof values !== "string" ? Array.from(values._inputArray ?? values) : undefined);
  const sounds = (trace) => {
    const names = list(trace.text) ?? list(trace.hovertext) ?? [];
    return list(trace.customdata).map((row, i) => ({
      address: Array.isArray(row) ? row[trace.meta.listen] : row,
      name: String(names[i] ?? `${trace.name ?? "sound"} ${i + 1}`).replace(/<[^>]*>/g, " "),
    }));
  };
  const listens = (trace) => typeof trace.meta === "object" && "listen" in (trace.meta ?? {});

  const listen = (figure, plot) => {
    const place = figure.querySelector(".dalbook-listen");
    if (!place) return;
    const status = element("span", { textContent: "Click a point to listen." });
    status.setAttribute("role", "status");
    plot.on("plotly_click", ({ points }) => {
      const point = points.find(({ data }) => listens(data));
      if (!point) return;
      const { address, name } = sounds(point.data)[point.pointNumber];
      play(place, address, name);
    });
    if ("choose" in place.dataset) {
      const box = element("select", { id: `${plot.id}-sounds` });
      const all = [];
      for (const trace of plot.data.filter(listens)) {
        const options = sounds(trace).map((sound) => element("option", { value: all.push(sound) - 1, textContent: sound.name }));
        if (plot.data.filter(listens).length > 1 && trace.name) {
          box.append(element("optgroup", { label: trace.name }, ...options));
        } else box.append(...options);
      }
      const button = element("button", { type: "button", textContent: "Play" });
      button.addEventListener("click", () => play(place, all[box.value].address, all[box.value].name));
      place.append(element("label", { htmlFor: box.id, textContent: "Listen to" }), box, button);
    }
    place.append(status);
  };

  // ---- Start.

  const start = () => {
    if (!window.Plotly) return;
    const plots = [...document.querySelectorAll(".js-plotly-plot")];
    for (const plot of plots) {
      const figure = plot.closest(".dalbook-figure");
      if (figure) {
        describe(plot);
        for (const part of [slide, buttons, listen]) part(figure, plot);
      }
      paint(plot);
    }
    const repaint = () => plots.forEach(paint);
    new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    // A figure follows the width of its column, which the contents at the side, a folded cell and a tab change as well as the window.
    const fit = new ResizeObserver((seen) => {
      for (const { target, contentRect } of seen) {
        const off = Math.abs(contentRect.width - target._fullLayout.width) > 1;
        if (contentRect.width && off) Plotly.Plots.resize(target);
      }
    });
    plots.forEach((plot) => fit.observe(plot));

    // Paper is white.
    let theme;
    window.addEventListener("beforeprint", () => {
      theme = document.documentElement.dataset.theme;
      document.documentElement.dataset.theme = "light";
      repaint();
    });
    window.addEventListener("afterprint", () => (document.documentElement.dataset.theme = theme));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
