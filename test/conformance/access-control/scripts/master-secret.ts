/** The secret that each agent has as its master token and its default token, so that requests without a token may do all. */
export const masterSecret = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";
