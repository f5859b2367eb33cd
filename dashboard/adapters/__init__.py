"""The dashboard's technologies: pages, HTTP, sessions."""
