"""The tab Start: the phenomenon in three sheets, and the post in eight stops."""
