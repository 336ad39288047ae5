/** The core-keeper whose API Praetor speaks: clients compare the first number. */
export const keeperVersion = "4.0.2";

/** The version of that API, in its paths and its answers. */
export const keeperApiVersion = "v3";
