// Shows the values of a chart at the pointer, lets the reader find a series, and switches between light and dark.
// Texts of the data go into the page as text nodes, never as HTML.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const MAX_CHOICES = 12;
  let hideCurrent = () => {};

  // The page draws bands behind lines. Readers get the lines first.
  for (const chart of Object.values(data.charts)) chart.marks.sort((one, other) => !!one.to - !!other.to);

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  }

  function format(value, chart) {
    return chart.share ? `${(value * 100).toFixed(1)}%` : value.toLocaleString("en", { maximumFractionDigits: 20 });
  }

  function nameOf(chart, at) {
    return chart.labels ? chart.labels[at] : data.periods[chart.first + at];
  }

  // Return what a mark shows at a position: its text, and the value of its dot. A band has a text only.
  function shownAt(mark, chart, at) {
    const value = mark.values[at - mark.start] ?? null;
    if (value === null) return null;
    if (!mark.to) return { mark, text: format(value, chart), dot: value };
    return { mark, text: `${format(value, chart)} to ${format(mark.to[at - mark.start], chart)}`, dot: null };
  }

  function shapeClass(mark) {
    return mark.to ? `area band ${mark.style}` : `line ${mark.style}`;
  }

  // ---- the values at the pointer, a finger, or the arrow keys

  function activate(plot) {
    const chart = data.charts[plot.dataset.chart];
    const firstForecast = chart.marks.find((mark) => mark.name === "forecast")?.start ?? 0;
    let position = null;
    let added = [];

    function hide() {
      added.forEach((element) => element.remove());
      added = [];
      position = null;
    }

    function marksAt(at) {
      return chart.marks.map((mark) => shownAt(mark, chart, at)).filter((each) => each !== null);
    }

    function announce(at) {
      plot.setAttribute("aria-valuenow", at);
      plot.setAttribute("aria-valuetext",
        [nameOf(chart, at), ...marksAt(at).map((each) => `${each.mark.name} ${each.text}`)].join(", "));
    }

    function show(at) {
      if (hideCurrent !== hide) hideCurrent();
      hideCurrent = hide;
      hide();
      position = Math.min(Math.max(at, 0), chart.count - 1);
      const shown = marksAt(position);
      const left = ((position + 0.5) / chart.count) * 100;
      const cursor = make("div", "cursor");
      cursor.style.left = `${left}%`;
      const dots = shown.filter((each) => each.dot !== null).map((each) => {
        const dot = make("div", `dot ${each.mark.style}`);
        dot.style.left = `${left}%`;
        dot.style.bottom = `${((each.dot - chart.low) / (chart.high - chart.low)) * 100}%`;
        return dot;
      });
      const rows = shown.map((each) =>
        make("div", "", make("i", shapeClass(each.mark)), each.mark.name, make("span", "", each.text)));
      const tip = make("div", "tip", make("b", "", nameOf(chart, position)), ...rows);
      added = [cursor, ...dots, tip];
      plot.append(...added);
      const x = (left / 100) * plot.clientWidth;
      const wanted = x < plot.clientWidth / 2 ? x + 12 : x - 12 - tip.offsetWidth;
      tip.style.left = `${Math.max(0, Math.min(wanted, plot.clientWidth - tip.offsetWidth))}px`;
      announce(position);
    }

    function follow(event) {
      const box = plot.getBoundingClientRect();
      show(Math.floor(((event.clientX - box.left) / box.width) * chart.count));
    }

    function press(event) {
      const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, Home: -chart.count, End: chart.count };
      if (event.key === "Escape") hide();
      if (!(event.key in moves)) return;
      event.preventDefault();
      show((position ?? firstForecast) + moves[event.key]);
    }

    plot.tabIndex = 0;
    plot.setAttribute("role", "slider");
    plot.setAttribute("aria-valuemin", 0);
    plot.setAttribute("aria-valuemax", chart.count - 1);
    announce(firstForecast);
    plot.addEventListener("pointerdown", follow);
    plot.addEventListener("pointermove", follow);
    plot.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
    plot.addEventListener("focus", () => plot.matches(":focus-visible") && show(firstForecast));
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", press);
  }

  // ---- the numbers of a chart as a table

  function table(chart, from) {
    const marks = chart.marks.filter((mark) => mark.start + mark.values.length > from);
    const head = make("tr", "", ...[chart.labels ? "" : data.unit, ...marks.map((mark) => mark.name)].map((name) => {
      const cell = make("th", "", name);
      cell.scope = "col";
      return cell;
    }));
    const body = make("tbody", "");
    for (let at = from; at < chart.count; at += 1) {
      const name = make("th", "", nameOf(chart, at));
      name.scope = "row";
      body.append(make("tr", "", name,
        ...marks.map((mark) => make("td", "", shownAt(mark, chart, at)?.text ?? ""))));
    }
    return make("table", "", make("thead", "", head), body);
  }

  function addNumbers(figure, chart, name) {
    const details = make("details", "", make("summary", "", "Numbers"));
    details.addEventListener("toggle", () => {
      if (details.childElementCount > 1) return;
      const region = make("div", "numbers", table(chart, 0));
      region.tabIndex = 0;
      region.setAttribute("role", "region");
      region.setAttribute("aria-label", `Numbers: ${name}`);
      details.append(region);
    });
    figure.append(details);
  }

  // ---- the search for a series

  const input = document.getElementById("key");
  let chosen = null;

  function drawing(id) {
    const template = document.getElementById(id);
    if (template) return [...template.content.cloneNode(true).children];
    const plot = document.querySelector(`.figures [data-chart="${id}"]`);
    return [plot.previousElementSibling.cloneNode(true), plot.cloneNode(true)];
  }

  function sum(values) {
    const total = values.reduce((before, value) => before + value, 0);
    return Math.abs(total) >= 1000 ? Math.round(total) : Number(total.toPrecision(4));
  }

  function totals(chart) {
    const [demand, forecast] = ["demand", "forecast"].map((name) => chart.marks.find((mark) => mark.name === name).values);
    const past = demand.slice(-forecast.length);
    const periods = (count) => `${count} ${data.unit}${count === 1 ? "" : "s"}`;
    return `Forecast of ${periods(forecast.length)}: ${format(sum(forecast), chart)}. ` +
      `Demand of the last ${periods(past.length)}: ${format(sum(past), chart)}.`;
  }

  function choose(series) {
    hideCurrent();
    chosen = series;
    const chart = data.charts[series.chart];
    document.getElementById("chosen-name").textContent = series.name;
    document.getElementById("chosen-reason").textContent = series.reason ?? "from the random sample";
    const place = document.getElementById("chosen-plot");
    place.replaceChildren(...drawing(series.chart));
    activate(place.querySelector(".plot"));
    addNumbers(place, chart, series.name);
    const first = chart.marks.find((mark) => mark.name === "forecast").start;
    document.getElementById("chosen-numbers").replaceChildren(make("p", "quiet", totals(chart)), table(chart, first));
  }

  function found() {
    const text = input.value.trim().toLowerCase();
    if (!text) return data.series.filter((series) => series.reason !== null);
    return data.series.filter((series) => series.name.toLowerCase().includes(text));
  }

  function offer() {
    const text = input.value.trim().toLowerCase();
    const matches = found();
    const exact = text && matches.find((series) => series.name.toLowerCase() === text);
    if (exact) choose(exact);
    const count = matches.length === 1 ? "1 series matches" : `${matches.length.toLocaleString("en")} series match`;
    document.getElementById("matches").textContent = text ? `${count}.` : "";
    document.getElementById("choices").replaceChildren(...matches.slice(0, MAX_CHOICES).map((series) => {
      const button = make("button", "", series.name);
      button.type = "button";
      button.setAttribute("aria-pressed", series === chosen);
      button.addEventListener("click", () => {
        choose(series);
        for (const each of button.parentElement.children) each.setAttribute("aria-pressed", each === button);
      });
      return button;
    }));
  }

  // ---- start

  const theme = document.getElementById("theme");
  const isDark = () => (document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  nameTheme();
  theme.hidden = false;

  for (const plot of document.querySelectorAll(".plot")) {
    activate(plot);
    addNumbers(plot.parentElement, data.charts[plot.dataset.chart], plot.getAttribute("aria-label"));
  }
  document.getElementById("lookup").hidden = false;
  choose(data.series[0]);
  offer();
  input.addEventListener("input", offer);
  input.addEventListener("keydown", (event) => {
    const [first] = found();
    if (event.key !== "Enter" || !first) return;
    choose(first);
    offer();
  });
})();
