#!/bin/bash
# One worker on each node that Slurm gives: sbatch --nodes=8 examples/fleet/slurm.sh. Slurm only places workers. Not run.
# The store's credentials come from the submitter's environment, which sbatch hands on.
#SBATCH --job-name=sameseed-worker
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --signal=TERM@60
export SAMESEED_HOME="${SLURM_TMPDIR:-/tmp}/sameseed-$USER"
srun --kill-on-bad-exit=0 sameseed worker --redis "${SAMESEED_REDIS:?}" --store "${SAMESEED_STORE:?}" --drain-ms 45000
