# Every conda environment of the workflow, in one image; written by `make dockerfile`.
FROM condaforge/miniforge3:latest
LABEL io.github.snakemake.containerized="true"
LABEL io.github.snakemake.conda_env_hash="bb28f7b198dfee0a0e784802eac964740f10afcef096b4d2ae8205d2e4a854ea"
# Conda environment:
#   source: envs/enrichment.yaml
#   prefix: /conda-envs/ccf0a9943ed8138c0bd6204bdaac44fe
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - gseapy =1.3.0
#     - numpy =2.3.5
#     - pandas =3.0.3
#     - pyyaml =6.0.3
#     - scipy =1.16.3
RUN mkdir -p /conda-envs/ccf0a9943ed8138c0bd6204bdaac44fe
COPY envs/enrichment.yaml /conda-envs/ccf0a9943ed8138c0bd6204bdaac44fe/environment.yaml
# Conda environment:
#   source: envs/evenomics.yaml
#   prefix: /conda-envs/91bc67a784052a7fae3f210861697abf
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - imbalanced-learn =0.14.2
#     - joblib =1.5.2
#     - kneed =0.8.6
#     - matplotlib-base =3.10.8
#     - natsort =8.4.0
#     - numba =0.62.1
#     - numpy =2.3.5
#     - pandas =3.0.3
#     - pytorch =2.13.0
#     - pyyaml =6.0.3
#     - requests =2.32.5
#     - safetensors =0.6.2
#     - scikit-learn =1.8.0
#     - scipy =1.16.3
#     - threadpoolctl =3.6.0
#     - urllib3 =2.5.0
RUN mkdir -p /conda-envs/91bc67a784052a7fae3f210861697abf
COPY envs/evenomics.yaml /conda-envs/91bc67a784052a7fae3f210861697abf/environment.yaml
# Conda environment:
#   source: envs/geoquery.yaml
#   prefix: /conda-envs/22ee1a6f00cc048e9a12e7873a1b5835
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - r-base =4.5.2
#     - bioconductor-biobase =2.70.0
#     - bioconductor-geoquery =2.78.0
RUN mkdir -p /conda-envs/22ee1a6f00cc048e9a12e7873a1b5835
COPY envs/geoquery.yaml /conda-envs/22ee1a6f00cc048e9a12e7873a1b5835/environment.yaml
# Conda environment:
#   source: envs/limma.yaml
#   prefix: /conda-envs/979787498541df9ad1962c7ae4424b65
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - r-base =4.5.2
#     - bioconductor-limma =3.66.0
RUN mkdir -p /conda-envs/979787498541df9ad1962c7ae4424b65
COPY envs/limma.yaml /conda-envs/979787498541df9ad1962c7ae4424b65/environment.yaml
# Conda environment:
#   source: envs/rdata.yaml
#   prefix: /conda-envs/cd1016b7a6557f5eb0e9515d1c4f035e
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - python =3.12
#     - bioconductor-biobase =2.70.0
#     - bioconductor-multtest =2.66.0
#     - bioconductor-summarizedexperiment =1.40.0
#     - numpy =2.3.5
#     - pandas =3.0.3
#     - pyyaml =6.0.3
#     - r-base =4.5.2
#     - rpy2 =3.6.6
RUN mkdir -p /conda-envs/cd1016b7a6557f5eb0e9515d1c4f035e
COPY envs/rdata.yaml /conda-envs/cd1016b7a6557f5eb0e9515d1c4f035e/environment.yaml
# Conda environment:
#   source: envs/sva.yaml
#   prefix: /conda-envs/841b685eb6c8ca84455331b4418f5d2e
#   channels:
#     - conda-forge
#     - bioconda
#     - nodefaults
#   dependencies:
#     - r-base =4.5.2
#     - bioconductor-sva =3.58.0
RUN mkdir -p /conda-envs/841b685eb6c8ca84455331b4418f5d2e
COPY envs/sva.yaml /conda-envs/841b685eb6c8ca84455331b4418f5d2e/environment.yaml
# Conda environment:
#   source: envs/umpire.yaml
#   prefix: /conda-envs/f52da9ce9ccd2677e10b35008d35e940
#   channels:
#     - conda-forge
#     - nodefaults
#   dependencies:
#     - r-base =4.5.2
#     - r-mc2d =0.2.1
#     - r-mclust =6.1.2
#     - r-oompabase =3.2.11
RUN mkdir -p /conda-envs/f52da9ce9ccd2677e10b35008d35e940
COPY envs/umpire.yaml /conda-envs/f52da9ce9ccd2677e10b35008d35e940/environment.yaml

RUN conda env create --prefix /conda-envs/ccf0a9943ed8138c0bd6204bdaac44fe --file /conda-envs/ccf0a9943ed8138c0bd6204bdaac44fe/environment.yaml && \
    conda env create --prefix /conda-envs/91bc67a784052a7fae3f210861697abf --file /conda-envs/91bc67a784052a7fae3f210861697abf/environment.yaml && \
    conda env create --prefix /conda-envs/22ee1a6f00cc048e9a12e7873a1b5835 --file /conda-envs/22ee1a6f00cc048e9a12e7873a1b5835/environment.yaml && \
    conda env create --prefix /conda-envs/979787498541df9ad1962c7ae4424b65 --file /conda-envs/979787498541df9ad1962c7ae4424b65/environment.yaml && \
    conda env create --prefix /conda-envs/cd1016b7a6557f5eb0e9515d1c4f035e --file /conda-envs/cd1016b7a6557f5eb0e9515d1c4f035e/environment.yaml && \
    conda env create --prefix /conda-envs/841b685eb6c8ca84455331b4418f5d2e --file /conda-envs/841b685eb6c8ca84455331b4418f5d2e/environment.yaml && \
    conda env create --prefix /conda-envs/f52da9ce9ccd2677e10b35008d35e940 --file /conda-envs/f52da9ce9ccd2677e10b35008d35e940/environment.yaml && \
    conda clean --all -y
# Snakemake leaves out of an image what completes an environment.
COPY envs/umpire.post-deploy.sh /tmp/
RUN conda run --prefix "$(dirname "$(grep -l oompabase /conda-envs/*/environment.yaml)")" \
    bash /tmp/umpire.post-deploy.sh
