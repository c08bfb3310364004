/** The image that rollouts use when none is named. */
export const defaultImageName = "gymnasium";
