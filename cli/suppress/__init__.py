"""`warmlane suppress`: who may not be mailed, told to the store by a person."""
