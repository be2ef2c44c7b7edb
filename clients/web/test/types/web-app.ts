// How a Web App in TypeScript uses the module: the valid code must compile, and the marked errors must not.

import type { AccountInfo } from "@azure/msal-browser";
import { PublicClientApplication } from "@azure/msal-browser";
import * as L from "leaflet";
import { addProtocol } from "maplibre-gl";
import Map from "ol/Map.js";
import GeoJSON from "ol/format/GeoJSON.js";
import ImageLayer from "ol/layer/Image.js";
import TileLayer from "ol/layer/Tile.js";
import { bbox } from "ol/loadingstrategy.js";
import ImageWMS from "ol/source/ImageWMS.js";
import TileWMS from "ol/source/TileWMS.js";
import VectorSource from "ol/source/Vector.js";
import WMTS, { type Options as WmtsOptions } from "ol/source/WMTS.js";
import XYZ from "ol/source/XYZ.js";

import { PoziError, createSession, sentences, type Catalogue, type Session, type SessionInfo } from "@pozi/session";
import { withSession } from "@pozi/session/leaflet";
import { sessionProtocol } from "@pozi/session/maplibre";
import { msalTokens } from "@pozi/session/msal";
import { featureInfo, featureLoader, tileLoader } from "@pozi/session/openlayers";
import { forAdministrator, forPerson } from "@pozi/session/reasons";
import { relay, type Relay } from "@pozi/session/relay";

declare const msal: PublicClientApplication;
declare const account: AccountInfo;

const server = "https://poziserver-riverbend.example/pozi/";
const scopes = [`${server}user_impersonation`];
const { entraToken, signal, signIn } = msalTokens(msal, { scopes, account });
const session: Session = createSession({
  service: "https://auth.example",
  server,
  entraToken,
  signal,
  onRenewed: ({ expiresIn, recovered }) => console.log(expiresIn.toFixed(), recovered ? "back" : ""),
  onProblem: ({ reason, catalogue, url, description, forPerson }) =>
    console.warn(reason.length, catalogue?.length, url?.length, description?.length, forPerson.length),
});
export const plain: Session = createSession({
  service: "https://auth.example",
  server,
  entraToken: async ({ forceRefresh }) => (await msal.acquireTokenSilent({ scopes, forceRefresh })).accessToken,
});

const throughRelay: Relay = relay("https://maps.example/relay?url=");
export const relayed: Session = createSession({ service: "https://auth.example", server, relay: throughRelay, entraToken: () => "" });
// @ts-expect-error: only what relay() has checked is a relay.
export const unchecked: Session = createSession({ service: "https://auth.example", server, relay: "https://maps.example/", entraToken: () => "" });

export async function capabilities(signal: AbortSignal): Promise<Blob | string> {
  try {
    const response = await session.catalogue("planning", { signal }).fetch("ows/planning/");
    return await response.blob();
  } catch (error) {
    return error instanceof PoziError ? `${error.reason}: ${error.description ?? error.forPerson}` : "something else";
  }
}

const planning: Catalogue = session.catalogue("planning");
export const answers: Promise<Response>[] = [
  planning.fetch(new URL(server), { method: "POST", body: "" }),
  planning.fetch(new Request(server)),
];
export const info: SessionInfo | undefined = session.narrow("planning:read").info;
export const renewed: Promise<SessionInfo> = session.renew({ fresh: true, signal });
export const told: Promise<void> = planning.report(new PoziError("no_data", { status: 500 }), server);
export const signedIn: Promise<void> = signIn();
export const texts: (string | undefined)[] = [forPerson["network"], forAdministrator["network"], sentences["other"]];

declare const wmts: Omit<WmtsOptions, "tileLoadFunction">;
export const map = new Map({});
const tiles = tileLoader(planning, map);
const wms = new TileWMS({ url: server, params: { LAYERS: "zones" }, tileLoadFunction: tiles });
export const sources = [wms, new XYZ({ url: server, tileLoadFunction: tiles }), new WMTS({ ...wmts, tileLoadFunction: tiles })];
export const image = new ImageLayer({ source: new ImageWMS({ url: server, params: {}, imageLoadFunction: tileLoader(planning) }) });
export const layer = new TileLayer({ source: wms });
export const features = new VectorSource({
  format: new GeoJSON(),
  strategy: bbox,
  loader: featureLoader(planning, (extent, resolution) => `${server}?BBOX=${extent.join()}&R=${resolution.toFixed()}`),
});
export const clicked: Promise<string | undefined> = featureInfo(planning, wms)([0, 0], map.getView(), { INFO_FORMAT: "text/plain" });

export const leaflet: L.TileLayer.WMS = withSession(L.tileLayer.wms(server, { layers: "zones" }), planning);
addProtocol("pozi", sessionProtocol(session));

// @ts-expect-error: `entraToken` is missing
createSession({ service: "https://auth.example", server });
// @ts-expect-error: the token is not part of it
info?.token;
// @ts-expect-error: a layer of features has no tiles
withSession(L.geoJSON(), planning);
