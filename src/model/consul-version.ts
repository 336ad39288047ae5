/** The Consul whose interfaces Praetor speaks. Clients that ask for a version are told this one. */
export const consulVersion = "1.8.7";
