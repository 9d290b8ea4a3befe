# Snakemake leaves out of an image what completes an environment.
COPY envs/umpire.post-deploy.sh /tmp/
RUN conda run --prefix "$(dirname "$(grep -l oompabase /conda-envs/*/environment.yaml)")" \
    bash /tmp/umpire.post-deploy.sh
