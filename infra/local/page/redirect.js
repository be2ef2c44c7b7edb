// Passes Entra's response from this page's address to the page that started the sign-in, through MSAL's own bridge.

try {
  await globalThis.msalRedirectBridge.broadcastResponseToMainFrame();
} catch {
  // The page was opened without a complete response, or MSAL is not installed. What there is must not stay in the history.
  history.replaceState(null, "", location.pathname);
  document.querySelector("#status").textContent = "This address holds no sign-in response. Start again from the start page.";
}
