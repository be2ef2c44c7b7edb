// What the person is told about each reason of a PoziError: what happened, and what they can do.

import { forPerson as service } from "./service-reasons.js";

const OFFLINE = "The maps cannot be reached. Please check your internet connection. They load again when it is back.";
const ASK = "If that does not help, tell your administrator.";

/** By reason. `other` is for a reason that is not listed. */
export const forPerson = {
  ...service,
  bad_answer: "The map service gave an answer that this page does not understand. Please try again in a few minutes.",
  catalogue_not_granted: "You have no access to this map. Please ask your administrator for access.",
  ended: "The maps were closed. Please reload the page to open them again.",
  entra_token: `Your sign-in could not be checked. Please reload the page. ${ASK}`,
  interaction_required: "Your sign-in has ended. Please sign in again.",
  invalid_options: "This website is not set up correctly. Please tell your administrator.",
  network: OFFLINE,
  network_answers:
    "Your network does not let this page reach the maps. If it has a sign-in page of its own, as in a hotel, please open that first.",
  no_data: `A part of the map could not be loaded. Please try again in a few minutes. ${ASK}`,
  no_image: `A part of the map could not be drawn. Please try again in a few minutes. ${ASK}`,
  outside_server: "This website is not set up correctly. Please tell your administrator.",
  popup_blocked:
    "Your browser did not open the window to sign in. Please allow pop-up windows for this page, or open the map in a new tab.",
  session_not_accepted:
    "The map server does not accept your sign-in, although it has just been renewed. Please tell your administrator.",
  sign_in_failed: `The sign-in was not completed. Please try again. ${ASK}`,
  signed_out: "You have signed out. Please sign in to see the maps again.",
  timeout: OFFLINE,
  other: "The maps cannot be opened. Please tell your administrator the reason:",
};

