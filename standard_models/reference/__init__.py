"""National reference data as files: eras, municipalities, businesses. Data only, with licences."""
