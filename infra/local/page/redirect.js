// Hands Entra's answer from this page's address to the page that asked for it, by MSAL's own bridge.

try {
  await globalThis.msalRedirectBridge.broadcastResponseToMainFrame();
} catch {
  // Somebody opened this page without an answer, or MSAL was not fetched. The address may hold half an answer.
  history.replaceState(null, "", location.pathname);
  document.querySelector("#said").textContent = "There is no answer of a sign-in in this address.";
}
