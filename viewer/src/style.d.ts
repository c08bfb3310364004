/** Style sheets are brought along by the build. */
declare module "*.css";
