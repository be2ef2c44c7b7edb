// What a Web App in TypeScript writes: this must compile, and what is wrong must not.

import { PoziError, createSession, type Session, type SessionInfo } from "@pozi/session";

declare const msal: {
  acquireTokenSilent(request: { scopes: string[]; forceRefresh: boolean }): Promise<{ accessToken: string }>;
};

const scopes = ["https://poziserver-riverbend.example/pozi/user_impersonation"];
const session: Session = createSession({
  service: "https://auth.example",
  server: "https://poziserver-riverbend.example/pozi/",
  entraToken: async ({ forceRefresh }) => (await msal.acquireTokenSilent({ scopes, forceRefresh })).accessToken,
  onRenewed: ({ expiresIn }) => console.log(expiresIn.toFixed()),
});

export async function map(signal: AbortSignal): Promise<Blob | string> {
  try {
    const response = await session.catalogue("planning", { signal }).fetch("ows/planning/");
    return await response.blob();
  } catch (problem) {
    return problem instanceof PoziError ? `${problem.reason}: ${problem.description ?? ""}` : "sign in again";
  }
}

export const answers: Promise<Response>[] = [
  session.catalogue("planning").fetch(new URL("https://poziserver-riverbend.example/pozi/"), { method: "POST", body: "" }),
  session.catalogue("planning").fetch(new Request("https://poziserver-riverbend.example/pozi/")),
];

export const info: SessionInfo | undefined = session.narrow("planning:read").info;

// @ts-expect-error: there is no session without a way to an Entra token
createSession({ service: "https://auth.example", server: "https://poziserver-riverbend.example/pozi/" });
// @ts-expect-error: no token in it
info?.token;
