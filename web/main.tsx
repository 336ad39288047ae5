import { render } from "preact";
import { startFeed } from "./live/feed.ts";
import { startRights } from "./live/rights.ts";
import { screens } from "./screens/screens.ts";
import { App } from "./shell/app.tsx";
import { shellKeys, startKeys } from "./shell/keys.ts";
import { startRouter } from "./shell/router.ts";
import { startTheme } from "./shell/theme.ts";

const keys = shellKeys(screens);
startTheme();
startRouter();
startKeys(keys);
startFeed();
startRights();
const place = document.getElementById("app");
if (place) render(<App {...{ screens, keys }} />, place);
