/** The version of Consul whose interfaces Praetor implements, and which it reports to clients. */
export const consulVersion = "1.8.7";
