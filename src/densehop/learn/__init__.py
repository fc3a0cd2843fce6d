"""Practice on real data: scikit-learn estimators, training, attacks, data sets, and where a memory sits in theory."""
