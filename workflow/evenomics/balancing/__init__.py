"""Ways of balancing the classes of a training set.

`samplers` holds over-samplers, which also serve in pipelines of imbalanced-learn. `arm` says what
an arm is, a way of balancing that a study compares; `arms` holds a module for each. `balancer`
balances training sets by one arm at one setting.
"""
