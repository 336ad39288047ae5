/** The version of core-keeper whose API Praetor implements; clients compare the major version. */
export const keeperVersion = "4.0.2";

/** The version of core-keeper's API, as its paths and responses have it. */
export const keeperApiVersion = "v3";
