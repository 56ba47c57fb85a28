# Appended by lookout: newer rules_cc have it, and a WORKSPACE calls it with either.
def compatibility_proxy_repo():
    pass
