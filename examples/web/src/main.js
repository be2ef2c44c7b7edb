// A Web App whose maps follow from the person's groups: it signs in, opens a session, and shows the catalogues that this opens.

import { PoziError, createSession } from "@pozi/session";
import { msalTokens } from "@pozi/session/msal";

import { config } from "./config.js";
import { openMap } from "./map.js";
import { onSignIn, onSignOut, showCatalogues, showPerson, showProblem } from "./page.js";
import { findAccount, msal } from "./sign-in.js";

// Before the sign-in ends: it takes time that is otherwise spent waiting.
const map = openMap("map");
const account = await findAccount().catch(tellOfSignIn);
showPerson(account);
onSignIn(() => msal.loginRedirect({ scopes: config.scopes }).catch(tellOfSignIn));
onSignOut(() => msal.logoutRedirect({ account }));
if (account) open(account);

function open(account) {
  const { entraToken, signal, signIn } = msalTokens(msal, { scopes: config.scopes, account });
  const session = createSession({
    service: config.service,
    server: config.server,
    withEntraToken: config.withEntraToken,
    entraToken,
    signal,
    onRenewed({ scope, recovered }) {
      showProblem();
      follow(scope);
      if (recovered) map.refresh();
    },
    onProblem: tell,
  });

  /** Shows the catalogues that the session opens. A renewed session may open others. */
  function follow(scope) {
    const isOpen = (id) => scope.includes(`${id}:read`) || scope.includes(`${id}:write`);
    const ids = Object.keys(config.catalogues).filter(isOpen);
    showCatalogues(ids, map.setVisible);
    map.show(session, ids);
  }

  function tell(problem) {
    if (!(problem instanceof PoziError)) throw problem;
    if (!session.info) follow([]);
    showProblem(problem, problem.reason !== "signed_out" && (() => again(problem)));
  }

  async function again({ reason }) {
    try {
      if (reason === "interaction_required") await signIn();
      // The person's groups may have changed.
      await session.renew({ fresh: true });
    } catch (problem) {
      tell(problem);
    }
  }

  // In another tab, too.
  signal.addEventListener("abort", () => {
    showPerson();
    tell(signal.reason);
  });
  session.token().catch(tell);
}

/** MSAL.js's message has Entra ID's number, AADSTS…, which tells an administrator what to set. */
function tellOfSignIn({ message }) {
  showProblem({ reason: "sign_in_failed", forPerson: "The sign-in did not work. Please try again.", description: message });
}
