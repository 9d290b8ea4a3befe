"""Ways of balancing the classes of a training set.

`samplers` holds over-samplers for imbalanced-learn's pipelines. `arms` holds the ways of balancing
that a study compares, each under a name of the config. `balancer` applies one of them to a draw.
"""
