def registry(): return None
