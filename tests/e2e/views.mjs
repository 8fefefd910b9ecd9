// Every view of the page, and the way to it: for pictures, and for what holds of all of them.

const button = (within, name) => within.getByRole("button", { name, exact: true });
const preset = (key) => ({ path: `/#preset=${key}` });

async function tab(page, name) {
  await page.getByRole("tab", { name, exact: true }).click();
  await page.getByRole("tabpanel").first().scrollIntoViewIfNeeded();
}

async function dialog(page, name) {
  await button(page, name).first().click();
  await page.getByRole("dialog").waitFor();
}

/** By name: what is done on the freshly opened page, and its path where that is not `/`. */
export const VIEWS = {
  page: {},
  message: { go: (page) => page.locator(".tape__cell").first().click() },
  table: { go: (page) => button(page, "ORDERS as a table").click() },
  "why consumer": { go: (page) => button(page, "Why does ship deliver nothing?").click() },
  past: {
    go: async (page) => {
      for (let step = 0; step < 3; step += 1) await button(page, "One event back").click();
    },
  },
  branch: {
    go: async (page) => {
      for (let step = 0; step < 3; step += 1) await button(page, "One event back").click();
      await button(page.getByRole("article", { name: "Publisher billing-cron" }), "Publish").click();
    },
  },
  "drawer log": { go: (page) => tab(page, "Log") },
  "drawer wire": { go: (page) => tab(page, "Wire") },
  "drawer inspector": {
    go: async (page) => {
      await page.locator(".tape__cell").first().click();
      await tab(page, "Inspector");
    },
  },
  "drawer numbers": { go: (page) => tab(page, "Numbers") },
  "drawer subjects": { go: (page) => tab(page, "Subjects") },
  "dialog stream": { go: (page) => dialog(page, "Add stream") },
  "dialog edit stream": { go: (page) => dialog(page, "Edit stream ORDERS") },
  "dialog consumer": { go: (page) => dialog(page, "Add consumer") },
  "dialog publisher": { go: (page) => dialog(page, "Add publisher") },
  "dialog worker": { go: (page) => dialog(page, "Add worker to ship") },
  "dialog share": { go: (page) => dialog(page, "Share") },
  "dialog help": { go: (page) => dialog(page, "Help: signs and keys") },
  attach: {
    go: async (page) => {
      await button(page, "Attach a client").click();
      await page.locator(".attach").getByRole("button", { name: "Run" }).click();
      await page.locator(".attach").getByRole("status").filter({ hasText: "done" }).waitFor();
    },
  },
  "preset nothing arrives": preset("c1"),
  "preset comes twice": preset("c11"),
  "preset will not go away": preset("c21"),
  "preset publishing": preset("c31"),
  "preset names": preset("c36"),
  "preset beyond one stream": preset("c41"),
  "preset push": preset("push"),
  "preset sources": preset("sources"),
  "preset headers": preset("headers"),
  "embed mini": { path: "/#embed=mini&preset=work-queue" },
  "embed full": { path: "/#embed=full&preset=work-queue" },
};

/** Opens a view on a page of its own. */
export async function openView(page, origin, { path = "/", go = () => {} }) {
  await page.goto(origin + path);
  await page.locator("main").waitFor();
  await go(page);
}
