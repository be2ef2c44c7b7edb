// Every reason of a PoziError, with a sentence for the person and one for an administrator or developer.

import { forAdministrator as service } from "./service-reasons.js";

export { forPerson } from "./sentences.js";

/** What to check, for an administrator or developer; the service's own sentence about a refusal is more exact. */
export const forAdministrator = {
  ...service,
  bad_answer: "Something answered in the service's place, or the service is failing; look at the status.",
  catalogue_not_granted: "The session does not include this catalogue; nothing was sent.",
  ended: "end() was called, or the signal in the options aborted.",
  entra_token: "The option entraToken threw an error, or returned no token; look at the cause.",
  interaction_required: "Entra ID needs the person to sign in; call signIn(), then renew().",
  invalid_options: "The option service or server is not an https URL (http is allowed only on this machine).",
  network: "There was no answer: no network, no such host, or an answer that this page's origin may not read (CORS); look at the cause.",
  network_answers: "A proxy, firewall or hotel's network answered with a page, a redirect, 407 or 511; let it pass the URL through.",
  no_data: "The answer is an error, or not of the expected kind; look at the status and description.",
  no_image: "The answer is no image: QGIS Server or the gate returned an error; look at the status and description.",
  outside_server: "The address is not under the option server, or is ambiguous; nothing was sent.",
  popup_blocked: "The browser did not open MSAL's window; call signIn() in a click, or offer to open the page in a new tab.",
  session_not_accepted:
    "The server of the data refuses a session just renewed: something on the way removes the header X-Pozi-Session, or that server's clock is wrong.",
  sign_in_failed: "MSAL's interaction failed; look at the cause.",
  signed_out: "The person signed out, perhaps in another tab.",
  timeout: "The service did not answer in 10 seconds, or entraToken in 60.",
};
