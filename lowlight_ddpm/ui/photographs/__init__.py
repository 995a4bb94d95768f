"""The tab Dark photograph: a photograph of one's own, made light."""
