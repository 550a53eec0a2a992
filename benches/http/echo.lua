wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"row": {"id": 1234567, "name": "setosa", "label": "a flower of the garden", "values": [5.1, 3.5, 1.4, 0.2], "checked": true}}'
