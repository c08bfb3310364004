import { runContract } from "./run-contract.ts";

runContract("zygote", "sealed");
