/** The version of core-keeper whose API Praetor implements; clients compare the major version. */
export const keeperVersion = "4.0.2";

/** The version of that API, in its paths and responses. */
export const keeperApiVersion = "v3";
