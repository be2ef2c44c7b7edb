// Passes Entra ID's answer to the page that started the sign-in.

import { broadcastResponseToMainFrame } from "@azure/msal-browser/redirect-bridge";

await broadcastResponseToMainFrame();
