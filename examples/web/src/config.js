// What the Web App must know of its site: here the sample council "riverbend" of `make run`. Change the addresses in the policy of
// index.html with these.

export const config = {
  /** https://login.microsoftonline.com/<tenant id> */
  authority: "https://localhost:8443/cd0a0f9d-3505-4176-bcd0-75bdde12fd00",
  clientId: "c3890382-ecc1-4cf0-adc1-1b349bbd71ee",
  /** The external URL, followed by user_impersonation. */
  scopes: ["https://poziserver-riverbend.example/pozi/user_impersonation"],
  /** The token exchange. */
  service: "http://localhost:8080",
  /** The external URL; `make run` serves the site's maps here. */
  server: "http://localhost:8080/riverbend/pozi/",
  /** Whether Application Proxy, which wants the Entra token, is in front of the server. */
  withEntraToken: false,
  /** What the map shows at first, in EPSG:3857. */
  view: { center: [600, 400], resolution: 2 },
  /** The site's catalogues, the lowest in the map first. */
  catalogues: {
    planning: { title: "Planning and zoning", layers: "zones" },
    assets: { title: "Roads and drains", layers: "roads" },
    heritage: { title: "Heritage register", layers: "trees,sign" },
  },
};
