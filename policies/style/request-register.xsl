<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- The register of requests: each in a row, what is overdue said in words. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:d="urn:saqta:paper:1" exclude-result-prefixes="d">
  <xsl:include href="common.xsl"/>

  <xsl:template match="/paper"><xsl:apply-templates select="d:request-register"/></xsl:template>

  <xsl:template match="d:request-register">
    <xsl:variable name="title"><xsl:call-template name="label"><xsl:with-param name="id">request-register</xsl:with-param></xsl:call-template></xsl:variable>
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="$title"/>
      <xsl:with-param name="body">
        <h1><xsl:value-of select="$title"/></h1>
        <table><tbody>
        <xsl:call-template name="controller"/>
        <xsl:if test="d:from or d:to">
        <xsl:call-template name="row"><xsl:with-param name="label">period</xsl:with-param><xsl:with-param name="value"><xsl:call-template name="time"><xsl:with-param name="of" select="d:from"/></xsl:call-template> – <xsl:call-template name="time"><xsl:with-param name="of" select="d:to"/></xsl:call-template></xsl:with-param></xsl:call-template>
        </xsl:if>
        <xsl:call-template name="row"><xsl:with-param name="label">count</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="count(d:requests/d:item)"/></xsl:with-param></xsl:call-template>
        <xsl:call-template name="row"><xsl:with-param name="label">overdue</xsl:with-param><xsl:with-param name="value"><xsl:value-of select="d:overdue"/></xsl:with-param></xsl:call-template>
        </tbody></table>
        <xsl:call-template name="register"><xsl:with-param name="title">requests</xsl:with-param>
          <xsl:with-param name="columns">at pseudonym kind channel identity due state result by-clause</xsl:with-param><xsl:with-param name="rows" select="d:requests/d:item"/></xsl:call-template>
        <xsl:call-template name="clauses"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="d:requests/d:item" mode="row">
    <tr>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:at"/></xsl:call-template></td>
      <td><xsl:value-of select="substring(d:pseudonym, 1, 8)"/>…</td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">request</xsl:with-param><xsl:with-param name="id" select="d:kind"/></xsl:call-template><xsl:if test="d:categories/d:item">: <xsl:call-template name="words"><xsl:with-param name="kind">category</xsl:with-param><xsl:with-param name="of" select="d:categories/d:item"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">channel</xsl:with-param><xsl:with-param name="id" select="d:channel"/></xsl:call-template></td>
      <td><xsl:call-template name="label"><xsl:with-param name="id"><xsl:choose><xsl:when test="d:identity_checked = 'true'">yes</xsl:when><xsl:otherwise>not-given</xsl:otherwise></xsl:choose></xsl:with-param></xsl:call-template></td>
      <td><xsl:call-template name="time"><xsl:with-param name="of" select="d:due"/></xsl:call-template><xsl:if test="d:extended"><br/><span dir="auto"><xsl:value-of select="d:extended"/></span></xsl:if></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">request-state</xsl:with-param><xsl:with-param name="id" select="d:state"/></xsl:call-template><xsl:if test="d:deadline = 'overdue' or d:deadline = 'late'">, <xsl:call-template name="label"><xsl:with-param name="id" select="d:deadline"/></xsl:call-template></xsl:if><xsl:if test="d:closed"><br/><xsl:call-template name="time"><xsl:with-param name="of" select="d:closed"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="word"><xsl:with-param name="kind">result</xsl:with-param><xsl:with-param name="id" select="d:result"/></xsl:call-template><xsl:if test="d:refusal">: <xsl:call-template name="word"><xsl:with-param name="kind">reason</xsl:with-param><xsl:with-param name="id" select="d:refusal"/></xsl:call-template></xsl:if></td>
      <td><xsl:call-template name="list"><xsl:with-param name="of" select="d:clauses/d:item"/></xsl:call-template></td>
    </tr>
  </xsl:template>
</xsl:stylesheet>
